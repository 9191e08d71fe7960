"""From an image's ENTRYPOINT and CMD to the programs that run and the files that they load."""
