# said: in which a browser finds
import html
import json


def as_html(sender, text):
    return f'<p title="{html.escape(sender)}">{json.dumps(text)}</p>'
