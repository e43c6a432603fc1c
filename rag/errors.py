"""Every error of the project under one base.

RanklensError
├── SettingsError            an option is unknown, malformed or out of range
├── FilterError              a document that was to be asked is not there, or several may be meant
├── Refused                  who asks may not do this
├── LibraryError             the library on disk cannot do what was asked
│   ├── NotThere             it holds no document, set, key or judgement of that name
│   ├── LibraryInUse         another process owns the folder
│   ├── LibraryMismatch      it was indexed with another model or other settings
│   ├── AddedMeanwhile       the same bytes were added at the same moment
│   ├── StorageError         its disk is full, faulty or read-only; the work can go on later
│   │   ├── DatabaseUnavailable  its database server cannot be reached
│   │   └── FilesUnavailable     the storage of its files cannot be reached
│   └── DocumentError        one document cannot be read; the others are unaffected
├── ModelError               a model cannot be loaded or run
│   └── ModelMissing         its weights are not on this machine
├── ProviderError            a provider's server refused, failed or did not answer in time
├── RerankError              a reranker failed; the pipeline falls back to the fused order
└── GenerationError          a generator failed; the evidence is still there

A message describes what happened, to which file, passage or provider, and what to do next. It never
holds a key.
"""


class RanklensError(Exception):
    """Base of every error raised on purpose; ``str(error)`` can be shown to a user as it is."""


class SettingsError(RanklensError):
    """An option is unknown, malformed or out of range."""


class FilterError(RanklensError):
    """No document is what was asked for, or several may be meant; the message names the nearest."""


class Refused(RanklensError):
    """Who asks may not do this; the message names the role that may."""


class LibraryError(RanklensError):
    """The library on disk cannot do what was asked."""


class NotThere(LibraryError):
    """The library holds no document, question set, key or judgement of that name."""


class LibraryInUse(LibraryError):
    """Another process owns the library folder; the message names it."""


class LibraryMismatch(LibraryError):
    """The library was indexed with another model or other settings than the ones asked for."""


class AddedMeanwhile(LibraryError):
    """Another thread or process added the same bytes at the same moment."""


class StorageError(LibraryError):
    """The library's disk is full, faulty or cannot be written; what failed can be tried again."""


class DatabaseUnavailable(StorageError):
    """The library's database server cannot be reached; what failed can be tried again."""


class FilesUnavailable(StorageError):
    """Where the library keeps its files cannot be reached; what failed can be tried again."""


class DocumentError(LibraryError):
    """A document cannot be read; the message is the reason in plain words."""


class ModelError(RanklensError):
    """A model cannot be loaded or run."""


class ModelMissing(ModelError):
    """A model's weights are not on this machine, and downloading was not asked for."""


class ProviderError(RanklensError):
    """A call of a provider's server failed.

    ``passing``: the same call may work later, after ``wait`` seconds if the server names them.
    ``too_long``: the prompt does not fit the model's window.
    """

    def __init__(
        self, message: str, passing: bool = False, wait: float | None = None, too_long: bool = False
    ) -> None:
        super().__init__(message)
        self.passing, self.wait, self.too_long = passing, wait, too_long


class RerankError(RanklensError):
    """A reranker failed or returned something that is no ranking."""


class GenerationError(RanklensError):
    """A generator failed before or while it wrote an answer."""
