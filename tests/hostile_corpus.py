"""The corpus of hostile inputs: every module that adds cases to it."""

import hostile_archives
import hostile_files
import hostile_images
import hostile_layers
import hostile_places
import hostile_programs
import hostile_registries
from hostile_case import CASES

SOURCES = (
    *(hostile_layers, hostile_images, hostile_places, hostile_files, hostile_archives, hostile_programs),
    hostile_registries,
)

__all__ = ["CASES", "SOURCES"]
