# said: in which a browser finds
import html


def as_html(sender, text):
    return f'<p title="{html.escape(sender.strip())}">{html.escape(text.strip())}</p>'
