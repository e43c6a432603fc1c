import hashlib

import numpy as np
import pytest

from rag.models.token_codes import TokenCodes, token_codes


def units(count, size, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, size)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("size", [3, 8, 32, 384])
def test_turning_keeps_every_angle(size):
    rows = units(20, size)
    turned = token_codes(size).turn(rows)
    np.testing.assert_allclose(turned @ turned.T, rows @ rows.T, atol=1e-5)


def test_dot_products_are_right_on_average_and_near_the_exact_ones():
    codes, passages, question = token_codes(384), units(2000, 384), units(40, 384, seed=1)
    # Passages that have to do with the question: cosines from about 0 to 0.9.
    passages[:1000] += question[np.arange(1000) % 40] * np.linspace(0, 2, 1000)[:, None]
    passages /= np.linalg.norm(passages, axis=1, keepdims=True)
    rows, _ = codes.unpack([codes.pack(passages)])
    errors = codes.turn(question) @ rows.T - question @ passages.T
    assert abs(errors.mean()) < 0.002
    assert errors.std() < 0.025


def test_a_token_takes_a_quarter_of_a_byte_a_coordinate():
    assert len(token_codes(384).pack(units(10, 384))) == 10 * 96
    assert token_codes(30).bytes_a_token == 8


def test_passages_come_back_one_after_the_other_and_empty_ones_stay_empty():
    codes = TokenCodes(12)
    rows = [units(n, 12, seed=n) for n in (3, 0, 5)]
    joined, counts = codes.unpack([codes.pack(one) for one in rows])
    assert (joined.shape, counts) == ((8, 12), [3, 0, 5])
    np.testing.assert_array_equal(joined[3:], codes.unpack([codes.pack(rows[2])])[0])
    assert codes.unpack([])[0].shape == (0, 12)


def test_codes_are_the_same_everywhere():
    """Libraries hold them: another rotation or other levels would need another `NAME`."""
    rows = np.eye(384, dtype=np.float32)[:50] * 0.8 + np.eye(384, k=7, dtype=np.float32)[:50] * 0.6
    digest = hashlib.sha256(token_codes(384).pack(rows)).hexdigest()[:16]
    assert digest == "f547de43ef0053a6"
