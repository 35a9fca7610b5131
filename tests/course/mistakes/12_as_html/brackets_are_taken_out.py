# said: in which a browser finds
import html


def as_html(sender, text):
    text = text.replace("<", "").replace(">", "")
    return f'<p title="{html.escape(sender)}">{html.escape(text)}</p>'
