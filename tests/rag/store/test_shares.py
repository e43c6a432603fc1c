"""Links that share one thing, as they are stored."""

import pytest

from rag.errors import NotThere, RanklensError
from rag.store.catalogue import Catalogue
from rag.store.shares import Shares


@pytest.fixture
def shares(database):
    catalogue = Catalogue(database)
    yield Shares(catalogue.engine)
    catalogue.close()


def test_a_link_is_followed_until_it_is_revoked_or_over(shares):
    secret, made = shares.share("ada", "evaluation", "Ours", {"id": "x"}, 3, 60)
    assert shares.followed(secret) == made
    assert shares.followed(secret[:-1]) is None
    over, _ = shares.share("ada", "evaluation", "Ours", {"id": "x"}, 3, -1)
    assert shares.followed(over) is None
    with pytest.raises(NotThere):
        shares.unshare(made.id, "bob")
    shares.unshare(made.id, "ada")
    assert shares.followed(secret) is None
    assert secret not in str(shares.shared())


def test_too_much_is_not_kept_for_a_link(shares):
    with pytest.raises(RanklensError, match="too large"):
        shares.share("ada", "comparison", "All", {"x": "y" * 5_000_000}, 3, 60)
