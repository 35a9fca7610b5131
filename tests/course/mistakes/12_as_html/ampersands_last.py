# said: in which a browser finds
import html


def as_html(sender, text):
    text = text.replace("<", "&lt;").replace(">", "&gt;").replace("&", "&amp;")
    return f'<p title="{html.escape(sender)}">{text}</p>'
