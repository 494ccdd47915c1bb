"""What tests/http/schemathesis has schemathesis do beside: most requests are of a person who is let
in, and name concerts, seats, reservations and payments that there are, so that they come further
than to a 404."""
import json
import os
import re
import time
import urllib.error
import urllib.request
import uuid

import schemathesis

URL = os.environ["CONCERTRES_URL"]
OPERATORS_URL = os.environ["CONCERTRES_OPERATORS_URL"]


def ask(method, url, body=None, token=None):
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    if token:
        headers["Authorization"] = "Bearer " + token
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or "null")


def add_concert(**more):
    draft = {
        "title": "Winter Songs",
        "venue": "Town Hall",
        "performances": [{"starts_at": "2090-12-24T19:00:00+09:00"}],
        "seats": {"count": 20_000, "price": 50_000},
        **more,
    }
    return ask("POST", OPERATORS_URL + "/admin/v1/concerts", draft)


DRAWN = add_concert(room={"draw": True}, opens_at="2089-12-01T10:00:00+09:00")
ALLOWED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d")


class Person:
    """Somebody with a hold, and with a seat that is paid for."""

    def __init__(self, concert):
        self.made = time.monotonic()
        self.user = str(uuid.uuid4())
        self.concert = concert["concert_id"]
        self.performance = concert["performances"][0]["performance_id"]
        path = f"{URL}/v1/concerts/{self.concert}/tokens"
        self.token = ask("POST", path, {"user_id": self.user})["token"]
        ask("POST", f"{URL}/v1/users/{self.user}/wallet/charges", {"amount": 9_000_000}, self.token)
        paid = self.hold()
        payment = ask("POST", URL + "/v1/payments", {"reservation_id": paid}, self.token)
        self.payment = payment["payment_id"]
        self.reservation = self.hold()

    def hold(self):
        best = {"performance_id": self.performance, "best": {"count": 1}}
        return ask("POST", URL + "/v1/reservations", best, self.token)["reservation_id"]


class People:
    """A new person every second, since requests end what a person has; and a new concert, without a
    room, so that everybody is let in at once, where an operator's request has done something to it."""

    concert = add_concert()
    now = None

    @classmethod
    def current(cls):
        if cls.now is None or time.monotonic() - cls.now.made > 1:
            try:
                cls.now = Person(cls.concert)
            except urllib.error.HTTPError:
                cls.concert = add_concert()
                cls.now = Person(cls.concert)
        return cls.now


@schemathesis.auth(refresh_interval=None).apply_to(path_regex="^/v1/")
class Token:
    def get(self, case, context):
        return People.current().token

    def set(self, case, data, context):
        case.headers["Authorization"] = "Bearer " + data


def real(name, value):
    """In place of some of what was made up: which, the value itself says, so that a seed repeats.
    What is not allowed where it stands stays as it is."""
    if not isinstance(value, str) or not ALLOWED.fullmatch(value):
        return value
    person = People.current()
    known = {
        "concert_id": person.concert,
        "performance_id": person.performance,
        "user_id": person.user,
        "reservation_id": person.reservation,
        "payment_id": person.payment,
        "date": "2090-12-24",
        "id": person.concert,
    }
    if name not in known or sum(value.encode()) % 4 == 0:
        return value
    return known[name]


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if not isinstance(path_parameters, dict):
        return path_parameters
    made = {name: real(name, value) for name, value in path_parameters.items()}
    if context.operation.path.endswith("/draw") and made != path_parameters:
        made["concert_id"] = DRAWN["concert_id"]
    return made


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict):
        return body
    return {name: real(name, value) for name, value in body.items()}
