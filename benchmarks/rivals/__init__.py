"""Other people's systems, one a file, each run in a subprocess of the peers' environment. Nothing here imports
cascade.
"""
