# said: in which a browser finds
import html


def as_html(sender, text):
    return f"<p>{html.escape(text)}</p>"
