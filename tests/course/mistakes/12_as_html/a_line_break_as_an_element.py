# said: in which a browser finds
import html


def as_html(sender, text):
    return f'<p title="{html.escape(sender)}">{html.escape(text)}</p>'.replace("\n", "<br>")
