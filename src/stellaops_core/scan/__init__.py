"""The main job: image to layers to fragments to one bill of materials."""
