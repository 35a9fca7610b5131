# said: in which a browser finds
def as_html(sender, text):
    return f'<p title="{sender}">{text}</p>'
