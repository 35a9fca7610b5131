"""The table of messages: every field checked, nothing taken that another reader of JSON would not take."""

from __future__ import annotations

import functools
import json
import math

import pytest

from wsdemo.patterns.messages import CLIENT, SERVER, BadMessage, compact, describe, frame, parse

GOOD = [
    (CLIENT, {"type": "hello", "v": 1, "device": "phone"}),
    (CLIENT, {"type": "hello", "v": 1, "device": "phone", "token": "eyJ0.eyJz.dQ"}),
    (CLIENT, {"type": "join", "id": 1, "channel": "#lobby"}),
    (CLIENT, {"type": "join", "id": 1, "channel": "@a", "after": 0, "epoch": "e", "presence": True}),
    (CLIENT, {"type": "leave", "id": 2**53 - 1, "channel": "#" + "a" * 32}),
    (CLIENT, {"type": "publish", "n": 1, "channel": "#lobby", "body": None}),
    (CLIENT, {"type": "publish", "n": 1, "channel": "#lobby", "body": {"text": "grüße 😀", "pi": 3.14}}),
    (CLIENT, {"type": "volatile", "channel": "#lobby", "body": [], "key": "cursor"}),
    (CLIENT, {"type": "refresh", "id": 1, "token": "x"}),
    (CLIENT, {"type": "pong", "of a later version": 1}),
    (
        SERVER,
        {"type": "ok", "id": 1, "epoch": "e", "offset": 0, "complete": False, "members": ["ann", "bob"]},
    ),
    (SERVER, {"type": "error", "n": 3, "code": "busy", "reason": "", "retry": 0.5}),
    (SERVER, {"type": "message", "channel": "#a", "offset": 1, "from": "ann", "at": 1.5, "body": 1, "n": 4}),
    (SERVER, {"type": "bye", "code": 4409, "reason": "the same device came again", "after": 0}),
]


@pytest.mark.parametrize(("table", "message"), GOOD, ids=lambda value: str(value)[:60])
def test_good_messages_come_back_as_they_are(table, message):
    kind, *_ = message
    assert kind == "type"
    text = frame(message["type"], **{name: value for name, value in message.items() if name != "type"})
    assert parse(text, table) == message
    assert text.startswith(f'{{"type":"{message["type"]}"') and ": " not in text


JOIN = '{"type":"join","id":7,"channel":"#lobby"'
BAD = [
    (b"{}", "bad_request", "a binary message, expected text"),
    ("", "bad_request", "not JSON"),
    ("{}x", "bad_request", "not JSON"),
    ("[1]", "bad_request", "JSON without an object around it"),
    ("[" * 100_000, "bad_request", "not JSON"),
    ("{}", "unknown_type", "type is null, expected one of hello, join"),
    ('{"type":["join"]}', "unknown_type", 'type is ["join"]'),
    ('{"type":"shout","id":7}', "unknown_type", 'type is "shout"'),
    (f'{{"type":"{"x" * 58}"}}', "unknown_type", f'type is "{"x" * 58}", expected'),
    (f'{{"type":"{"x" * 59}"}}', "unknown_type", f'type is "{"x" * 58}…, expected'),
    ('{"type":"join","id":7}', "bad_request", "join.channel is missing"),
    ('{"type":"join","id":7,"channel":"#Lobby"}', "bad_request", 'join.channel is "#Lobby"'),
    ('{"type":"join","id":7,"channel":"#lobby\\n"}', "bad_request", "join.channel is"),
    ('{"type":"join","id":7,"channel":"#' + "a" * 33 + '"}', "bad_request", "join.channel is"),
    ('{"type":"join","id":true,"channel":"#a"}', "bad_request", "join.id is true"),
    ('{"type":"join","id":1.0,"channel":"#a"}', "bad_request", "join.id is 1.0"),
    ('{"type":"join","id":0,"channel":"#a"}', "bad_request", "join.id is 0"),
    (JOIN + ',"after":-1}', "bad_request", "join.after is -1"),
    (JOIN + ',"presence":1}', "bad_request", "join.presence is 1, expected true or false"),
    (JOIN + ',"epoch":""}', "bad_request", 'join.epoch is ""'),
    (JOIN + ',"x":1e400}', "bad_request", "the number 1e400 is too large"),
    (JOIN + ',"x":-1e400}', "bad_request", "the number -1e400 is too large"),
    (JOIN + ',"x":NaN}', "bad_request", "NaN is no number of JSON"),
    (JOIN + ',"x":-Infinity}', "bad_request", "-Infinity is no number of JSON"),
    (JOIN + f',"x":{"9" * 30}e400}}', "bad_request", f"the number {'9' * 20} is too large"),
    (JOIN + f',"x":{"9" * 30}}}', "bad_request", f"the whole number {'9' * 20} is not below 2^53"),
    (JOIN + f',"x":{2**53}}}', "bad_request", "the whole number 9007199254740992 is not below 2^53"),
    (JOIN + f',"x":{-(2**53)}}}', "bad_request", "is not below 2^53"),
    (JOIN + f',"x":1{"0" * 5000}}}', "bad_request", "is not below 2^53"),
    (JOIN + ',"x":"\\ud800"}', "bad_request", "a lone surrogate"),
    (JOIN + ',"\\udfff":1}', "bad_request", "a lone surrogate"),
    (JOIN + ',"x":' + "[" * 32 + "]" * 32 + "}", "bad_request", "more than 32 lists and objects"),
    ('{"type":"hello","v":1,"device":"' + "d" * 65 + '"}', "bad_request", "hello.device is"),
    ('{"type":"refresh","id":7,"token":"' + "t" * 4097 + '"}', "bad_request", "refresh.token is"),
]


@pytest.mark.parametrize(("text", "code", "said"), BAD, ids=lambda value: str(value)[:40])
def test_bad_messages_are_refused_in_one_line(text, code, said):
    with pytest.raises(BadMessage) as caught:
        parse(text)
    assert caught.value.code == code
    assert said in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "text",
    [
        JOIN + ',"x":' + "[" * 31 + "]" * 31 + "}",
        JOIN + ',"x":["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]}',
        JOIN + f',"x":[{2**53 - 1},{-(2**53) + 1},1e308,"\\ud83d\\ude00"]}}',
    ],
)
def test_values_just_inside_the_bounds(text):
    assert parse(text)["id"] == 7


def test_an_error_knows_the_request_that_it_answers():
    for text, answers in [
        ('{"type":"join","id":7}', {"id": 7}),
        ('{"type":"publish","n":3,"body":1}', {"n": 3}),
        ('{"type":"shout","id":7}', {"id": 7}),
        ('{"type":"join","id":"7","channel":"#a"}', {}),
        ('{"type":"publish","body":1e400,"n":3}', {"n": 3}),
        ('{"type":"publish","body":[NaN,9007199254740992],"n":3}', {"n": 3}),
        ('{"type":"publish","n":3,"body":"\\ud800"}', {"n": 3}),
        ('{"type":"publish","n":3,"body":' + "[" * 32 + "]" * 32 + "}", {"n": 3}),
        ('{"type":"publish","n":9007199254740992,"id":7}', {"id": 7}),
        ('{"type":"publish","n":3,"body":1e400', {}),
        ('{"n":3,"body":1e400,"x":' + "[" * 100_000, {}),
        ("[1e400]", {}),
        ("[" * 33 + "]" * 33, {}),
    ]:
        with pytest.raises(BadMessage) as caught:
            parse(text)
        assert caught.value.answers == answers


DEEP = functools.reduce(lambda inner, _: [inner], range(100_000), [])


@pytest.mark.parametrize("value", [math.inf, math.nan, object(), DEEP], ids=lambda value: str(type(value)))
def test_nothing_is_sent_that_json_cannot_hold(value):
    with pytest.raises((ValueError, TypeError)):
        compact({"x": value})


def test_every_message_is_described():
    for table in (CLIENT, SERVER):
        lines = describe(table).splitlines()
        assert [line.split()[0] for line in lines] == list(table)
        assert all(shape.meaning in line for shape, line in zip(table.values(), lines, strict=True))


def test_a_text_is_what_json_loads_makes_of_it():
    assert json.loads(compact({"a": ["ü", 1.5, None]})) == {"a": ["ü", 1.5, None]}
