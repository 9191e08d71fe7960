"""What runs, and what that loads: read `trace`, then `closure`, then the folder of what you look for.

`shell` and `launch` lead from the entry point to programs; `loader`, `python`, `node`, `java`, `dotnet` and `scripts`
each from a program to the files that it loads.
"""
