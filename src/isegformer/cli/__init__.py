"""The command line: the same session as in the browser, without a server."""

__all__: list[str] = []
