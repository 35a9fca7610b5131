def as_html(sender, text):
    numbers = ["".join(f"&#{ord(letter)};" for letter in words) for words in (sender, text)]
    return "<p title='{}'>{}</p>".format(*numbers)
