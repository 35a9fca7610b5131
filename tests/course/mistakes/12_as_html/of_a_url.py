# said: in which a browser finds
import html
from urllib.parse import quote


def as_html(sender, text):
    return f'<p title="{html.escape(sender)}">{quote(text)}</p>'
