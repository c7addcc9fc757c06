"""The page at `/` where the editor is not built: what to run, and what works without it."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

STYLE = """
:root { color-scheme: dark light; --paper: #16181d; --card: #1d2027; --edge: #363c48; --ink: #e7eaf0; --soft: #a9b1c0;
  --accent: #e8a33d; }
@media (prefers-color-scheme: light) { :root { --paper: #f0f1f4; --card: #fff; --edge: #d5d9e1; --ink: #1a1d24;
  --soft: #4f5765; --accent: #8a5208; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--paper);
  color: var(--ink); font: 15px/1.6 system-ui, sans-serif; }
main { max-width: 560px; padding: 32px; background: var(--card); border: 1px solid var(--edge); border-radius: 12px; }
h1 { margin: 0 0 4px; font-size: 22px; }
p { margin: 12px 0; color: var(--soft); }
pre { margin: 12px 0; padding: 12px 16px; background: var(--paper); border-radius: 8px; overflow-x: auto;
  font: 14px/1.5 ui-monospace, monospace; }
a { color: var(--accent); }
"""

PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Weft</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Weft is running</h1>
<p>Its editor has not been built yet. That takes some seconds, and a network the first time:</p>
<pre><code>python main.py build-editor</code></pre>
<p>Then load this page again. <code>make serve</code> builds it by itself.</p>
<p>Another editor, such as ComfyUI's, is served with</p>
<pre><code>python main.py --front-end-root DIRECTORY</code></pre>
<p>Scripts and other clients can use the server as it is:
<a href="/api/openapi.json">what it understands</a>, <a href="/api/health">whether it is well</a>.</p>
</main>
</body>
</html>
"""

# The one style that the page may have; it has no script.
STYLE_HASH = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
