"""What tests/http/schemathesis has schemathesis do beside: most requests are of a person who is let
in, and name concerts, seats, reservations and payments that there are, so that they come further
than to a 404."""
import json
import os
import time
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


CONCERT = add_concert()  # without a room: everybody is let in at once
DRAWN = add_concert(room={"draw": True}, opens_at="2089-12-01T10:00:00+09:00")
PERFORMANCE = CONCERT["performances"][0]["performance_id"]


class Person:
    """Somebody with a hold, and with a seat that is paid for."""

    def __init__(self):
        self.made = time.monotonic()
        self.user = str(uuid.uuid4())
        path = f"{URL}/v1/concerts/{CONCERT['concert_id']}/tokens"
        self.token = ask("POST", path, {"user_id": self.user})["token"]
        ask("POST", f"{URL}/v1/users/{self.user}/wallet/charges", {"amount": 9_000_000}, self.token)
        paid = self.hold()
        payment = ask("POST", URL + "/v1/payments", {"reservation_id": paid}, self.token)
        self.payment = payment["payment_id"]
        self.reservation = self.hold()

    def hold(self):
        best = {"performance_id": PERFORMANCE, "best": {"count": 1}}
        return ask("POST", URL + "/v1/reservations", best, self.token)["reservation_id"]


class People:
    """A new person every second, since requests end what a person has."""

    now = None

    @classmethod
    def current(cls):
        if cls.now is None or time.monotonic() - cls.now.made > 1:
            cls.now = Person()
        return cls.now


@schemathesis.auth(refresh_interval=None).apply_to(path_regex="^/v1/")
class Token:
    def get(self, case, context):
        return People.current().token

    def set(self, case, data, context):
        case.headers["Authorization"] = "Bearer " + data


def real(name, value):
    """In place of some of what was made up: which, the value itself says, so that a seed repeats."""
    person = People.current()
    known = {
        "concert_id": CONCERT["concert_id"],
        "performance_id": PERFORMANCE,
        "user_id": person.user,
        "reservation_id": person.reservation,
        "payment_id": person.payment,
        "date": "2090-12-24",
        "id": CONCERT["concert_id"],
    }
    if name not in known or sum(str(value).encode()) % 4 == 0:
        return value
    return known[name]


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if not isinstance(path_parameters, dict):
        return path_parameters
    made = {name: real(name, value) for name, value in path_parameters.items()}
    if context.operation.path.endswith("/draw") and made.get("concert_id") == CONCERT["concert_id"]:
        made["concert_id"] = DRAWN["concert_id"]
    return made


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict):
        return body
    return {name: real(name, value) for name, value in body.items()}
