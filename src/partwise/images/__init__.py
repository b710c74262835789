"""Parts of images: reading, parts, reconstruction, denoising and filling in, with masks."""

from partwise.images.model import BadlyExplained, ImageParts, SimilarImage
from partwise.images.patches import PatchParts
from partwise.images.reading import read_folder, read_image
from partwise.images.stack import ImageStack

__all__ = ["BadlyExplained", "ImageParts", "ImageStack", "PatchParts", "SimilarImage", "read_folder", "read_image"]
