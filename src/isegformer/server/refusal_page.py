"""What a person sees who opens the server with a token that it does not know.

The page needs no script: it is shown where the browser app may not be built.
"""

from fastapi.responses import HTMLResponse

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark">
<title>Not signed in - isegformer</title>
<link rel="icon" href="data:,">
<style>
body { margin: 0; background: #0b0d10; color: #e8edf3; font: 15px/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; max-width: 560px; min-height: 100vh; margin: 0 auto; padding: 24px;
  display: flex; flex-direction: column; justify-content: center; gap: 12px; }
h1 { margin: 0; font-size: 22px; }
p, ul { margin: 0; color: #b4bfcc; }
ul { padding-left: 20px; display: flex; flex-direction: column; gap: 8px; }
a { color: #5aa9ff; }
code { color: #e8edf3; }
</style>
</head>
<body><main>
<h1>This address does not sign you in</h1>
<p>Its token is not one that this server knows. Your work is safe; only the address is old or incomplete.</p>
<ul>
<li>Did you start <code>isegformer</code> anew? Each start prints a new address. Open that one.</li>
<li>Did you copy the address? It ends with <code>?token=</code> and a long word; copy it whole.</li>
<li>Did somebody give you the address of a server? Ask them for your token.</li>
</ul>
<p><a href="/">Go on without this token</a>, if this browser was signed in before.</p>
</main></body></html>
"""


def refusal_page() -> HTMLResponse:
    """Return the page, with the status of a request without a valid token."""
    return HTMLResponse(_PAGE, status_code=401, headers={"WWW-Authenticate": 'Bearer realm="isegformer"'})
