"""What a start imports: seconds of every start, and memory for as long as the app runs."""

import subprocess
import sys

HEAVY = {"torch", "transformers", "sentence_transformers", "onnx", "openai", "cohere", "scipy"}


def test_a_library_opens_and_answers_without_what_it_does_not_need(library, tmp_path):
    text = tmp_path / "a.txt"
    text.write_text("The rover found ice in the soil near the pole.")
    library.enqueue(text)
    library.work()
    library.close()
    code = (
        "import sys\n"
        "from ranklens.library import Library\n"
        "from rag.settings import load_settings\n"
        "with Library.open(load_settings()) as library:\n"
        "    trace = library.pipeline.with_settings(llm_model='').ask('where was ice found?')\n"
        "assert 'ice' in trace.answer.text, trace.answer\n"
        f"sys.exit(' '.join({HEAVY!r} & set(sys.modules)) or None)\n"
    )
    environment = {
        "RANKLENS_LIBRARY": str(library.settings.library),
        "RANKLENS_CACHE": str(library.settings.cache),
        "HF_HUB_OFFLINE": "1",
        "HOME": str(tmp_path),
        "PATH": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
