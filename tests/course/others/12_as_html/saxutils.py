from xml.sax.saxutils import escape, quoteattr


def as_html(sender, text):
    return f"<p title={quoteattr(sender)}>{escape(text)}</p>"
