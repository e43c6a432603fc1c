"""Scans, made here: pages drawn as pictures, slightly turned and noisy, and PDFs of these."""

import io

import numpy as np
from PIL import Image, ImageFilter
from pypdfium2 import PdfDocument

WHITE = 255


def drawn(pdf, number=1, scale=2.0):
    """A page of a PDF as a grey picture."""
    return PdfDocument(pdf)[number - 1].render(scale=scale).to_pil().convert("L")


def scanned(picture, degrees=0.6, noise=10.0, blur=0.4):
    """A picture as a scanner gives it: not quite straight, not quite sharp, with noise."""
    turned = picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=WHITE)
    soft = np.asarray(turned.filter(ImageFilter.GaussianBlur(blur)), np.float32)
    noisy = soft + np.random.default_rng(1).normal(0, noise, soft.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def as_file(picture, kind, more=()):
    """A picture as the bytes of a file; ``more`` are further pages."""
    data = io.BytesIO()
    options = {"save_all": True, "append_images": list(more)} if more else {}
    picture.save(data, kind, **options)
    return data.getvalue()


def scanned_pdf(*pictures, dpi=144):
    """A PDF whose pages are pictures and nothing else."""
    data = io.BytesIO()
    pictures[0].save(data, "PDF", save_all=True, append_images=pictures[1:], resolution=dpi)
    return data.getvalue()
