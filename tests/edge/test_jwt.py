"""JWTs sign members in when the configured issuer made them for us, just now; whatever else is sent is refused."""

import base64
import hmac
import json
import warnings

import pytest
from asking import Caller
from issuing import AUDIENCE, Issuer
from joserfc.jwk import RSAKey
from uuid_utils.compat import uuid7

from app.actor import ROLES, Role, system
from app.edge import oidc
from app.services import member
from app.services import workspace as workspaces

WORKSPACE = "{ workspace { name } }"


@pytest.fixture(scope="module")
def issuer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="module")
def api(serve, issuer):
    return serve(oidc_issuer=issuer.url, oidc_audience=AUDIENCE)


@pytest.fixture(scope="module")
def made(api, issuer):
    """Two workspaces: olga owns the first, and views the second; ann is known there by her e-mail."""
    first, second = uuid7(), uuid7()
    for tenant_id, name in ((first, "First"), (second, "Second")):
        data = {"name": name, "time_zone": "Europe/Berlin", "currency": "EUR", "small_cell_k": 5}
        api.door.write(system(tenant_id), workspaces.create, data)
    api.door.write(system(first), member.add, {"role": "OWNER", "subject": "olga"})
    api.door.write(system(second), member.add, {"role": "VIEWER", "subject": "olga"})
    api.door.write(system(second), member.add, {"role": "ANALYST", "email": "Ann@Example.com"})
    return first, second


@pytest.fixture
def ask(api, made, issuer):
    """What is answered to a JWT: the HTTP status, the name of the workspace, or the error's code."""

    def ask_(secret: str, workspace: object = made[0]):
        headers = {} if workspace is None else {"custograph-workspace": str(workspace)}
        response = Caller(api, secret).post(WORKSPACE, **headers)
        body = response.json()
        return response.status_code, body["errors"][0]["extensions"]["code"] if "errors" in body else (
            body["data"]["workspace"]["name"]
        )

    return ask_


@pytest.fixture
def now(api):
    return api.door.clock().timestamp()


def test_a_jwt_of_the_issuer_signs_a_member_in(ask, issuer, now, made):
    secret = issuer.sign(issuer.claims(now))
    assert ask(secret) == (200, "First")
    assert ask(secret, made[1]) == (200, "Second")
    assert ask(issuer.sign(issuer.claims(now, aud=["other", AUDIENCE]))) == (200, "First")
    assert ask(issuer.sign(issuer.claims(now), typ="at+jwt")) == (200, "First")
    assert ask(issuer.sign(issuer.claims(now, nbf=int(now) + 30, iat=int(now) + 30))) == (200, "First")  # the leeway


def test_which_workspace_must_be_clear(ask, issuer, now, made, api):
    secret = issuer.sign(issuer.claims(now))
    assert ask(secret, None) == (400, "BAD_REQUEST")
    assert ask(secret, uuid7()) == (403, "FORBIDDEN")
    assert ask(secret, "first") == (400, "BAD_REQUEST")
    assert ask(issuer.sign(issuer.claims(now, sub="stranger")), None) == (403, "FORBIDDEN")
    by_mail = issuer.claims(now, sub="ann", email="ann@example.COM", email_verified=True)
    assert ask(issuer.sign(by_mail), None) == (200, "Second")
    for unverified in (False, None, "true", 1):
        assert ask(issuer.sign(by_mail | {"email_verified": unverified}), None) == (403, "FORBIDDEN")
    # who has a subject is not known by an e-mail
    posing = issuer.claims(now, sub="mallory", email="olga@example.com", email_verified=True)
    assert ask(issuer.sign(posing), None) == (403, "FORBIDDEN")


def test_the_actor_is_the_member(api, issuer, now, made):
    person = oidc.Issuer(api.door.settings, api.door.clock).person(issuer.sign(issuer.claims(now)))
    actor = member.actor_of(api.door, person, made[1], "request")
    assert actor.scopes == ROLES[Role.VIEWER]
    assert (actor.tenant_id, actor.token_id, actor.request_id) == (made[1], None, "request")
    assert actor.name == f"member {actor.member_id}"
    assert actor.caller == actor.member_id


WRONG = {
    "another audience": {"aud": "other"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://other.example"},
    "no issuer": {"iss": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is none": {"sub": 7},
    "a long subject": {"sub": "x" * 256},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "an end that is text": {"exp": "tomorrow"},
    "an end that never comes": {"exp": float("inf")},
    "an end that is no number": {"exp": float("nan")},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
def test_what_must_be_said_is_said(ask, issuer, now, changed):
    assert ask(issuer.sign(issuer.claims(now, **changed))) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("changed", [{"exp": -61}, {"nbf": 120}, {"iat": 120}], ids=["ended", "not yet", "to come"])
def test_its_time_is_now(ask, issuer, now, changed):
    moved = {name: int(now) + by for name, by in changed.items()}
    assert ask(issuer.sign(issuer.claims(now, **moved))) == (401, "UNAUTHENTICATED")


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _part(value: object) -> str:
    return _text(json.dumps(value).encode())


def test_only_the_issuers_signature_counts(ask, issuer, now):
    claims = issuer.claims(now)
    good = issuer.sign(claims)
    head, body, signature = good.split(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        strange = RSAKey.generate_key(2048, {"kid": "one"})
    public = issuer.keys["one"].as_pem(private=False)
    signed = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{body}"
    with_secret = f"{signed}.{_text(hmac.digest(public, signed.encode(), 'sha256'))}"
    forged = {
        "none": f"{_part({'alg': 'none', 'kid': 'one'})}.{body}.",
        "None": f"{_part({'alg': 'None', 'kid': 'one'})}.{body}.{signature}",
        "no algorithm": f"{_part({'kid': 'one'})}.{body}.{signature}",
        "the public key as a secret": with_secret,
        "another key": issuer.sign(claims, key=strange),
        "an algorithm that is not taken": issuer.sign(claims, algorithm="PS256"),
        "other claims": f"{head}.{_part(claims | {'sub': 'ann'})}.{signature}",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "five parts": f"{head}.{body}.{signature}.a.b",
        "its own key": issuer.sign(claims, key=strange, jwk=strange.as_dict(private=False)),
        "its own address": issuer.sign(claims, jku=f"{issuer.url}/keys"),
        "its own certificate": issuer.sign(claims, x5u=f"{issuer.url}/keys"),
        "another type": issuer.sign(claims, typ="secevent+jwt"),
        "a type that is none": f"{_part({'alg': 'RS256', 'kid': 'one', 'typ': 7})}.{body}.{signature}",
        "a name that is none": f"{_part({'alg': 'RS256', 'kid': {}})}.{body}.{signature}",
        "huge": good + "A" * 10_000,
        "nested": f"{base64.urlsafe_b64encode(b'[' * 1_500).decode()}.{body}.{signature}",
        "no JSON": f"AAAA.{body}.{signature}",
        "dots": "..",
        "rubbish": "rubbish",
    }
    asked = issuer.asked
    for name, secret in forged.items():
        assert ask(secret) == (401, "UNAUTHENTICATED"), name
    assert issuer.asked == asked, "a forged JWT had the issuer asked"
    assert ask(good) == (200, "First")


@pytest.fixture
def fresh(serve, issuer, made, monkeypatch):
    """Somebody who has not asked the issuer yet, and the time that passes for them."""
    time = [1_000_000.0]
    monkeypatch.setattr(oidc, "monotonic", lambda: time[0])
    api = serve(oidc_issuer=issuer.url, oidc_audience=AUDIENCE)

    def ask_(secret: str):
        response = Caller(api, secret).post(WORKSPACE, **{"custograph-workspace": str(made[0])})
        return response.status_code

    yield ask_, time
    issuer.is_down = False


def test_other_keys_and_algorithms_and_new_keys(fresh, issuer, now):
    ask, time = fresh
    claims = issuer.claims(now)
    assert ask(issuer.sign(claims)) == 200
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        issuer.add("two", "ES256")
        issuer.add("three", "EdDSA")
        signed = [
            issuer.sign(claims, kid="two", algorithm="ES256"),
            issuer.sign(claims, kid="three", algorithm="EdDSA"),
        ]
        time[0] += oidc.COOL_DOWN_S
        assert [ask(one) for one in signed] == [200, 200]
    old = issuer.sign(claims)
    gone = issuer.keys.pop("one")
    time[0] += oidc.REFRESH_S + 1
    assert ask(old) == 401
    issuer.keys = {"one": gone}


def test_strangers_cannot_have_the_issuer_asked_again_and_again(fresh, issuer, now):
    ask, time = fresh
    claims = issuer.claims(now)
    assert ask(issuer.sign(claims)) == 200
    before = issuer.asked
    for number in range(50):
        assert ask(issuer.sign(claims, kid=f"k{number}", key=issuer.keys["one"])) == 401
    assert issuer.asked == before
    time[0] += oidc.COOL_DOWN_S
    for number in range(50):
        assert ask(issuer.sign(claims, kid=f"k{number}", key=issuer.keys["one"])) == 401
    assert issuer.asked == before + 1


def test_an_issuer_that_is_down_is_borne_for_a_day(fresh, issuer, now):
    ask, time = fresh
    secret = issuer.sign(issuer.claims(now))
    issuer.is_down = True
    assert ask(secret) == 503
    asked = issuer.asked
    assert [ask(secret) for _ in range(5)] == [503] * 5
    assert issuer.asked == asked
    issuer.is_down = False
    time[0] += oidc.COOL_DOWN_S
    assert ask(secret) == 200
    issuer.is_down = True
    time[0] += oidc.KEPT_S - 1
    assert ask(secret) == 200
    time[0] += 2 + oidc.COOL_DOWN_S
    assert ask(secret) == 503


def test_what_an_issuer_says_of_itself_must_be_of_it(fresh, issuer, now):
    ask, time = fresh
    for says in ({"issuer": "https://other.example"}, {"jwks_uri": "http://192.0.2.1/keys"}, {"jwks_uri": 7}):
        issuer.says = says
        assert ask(issuer.sign(issuer.claims(now))) == 503
        time[0] += oidc.COOL_DOWN_S
    issuer.says = {}
    assert ask(issuer.sign(issuer.claims(now))) == 200


def test_our_tokens_are_taken_beside(api, token, ask):
    assert ask(token, None) == (200, "Workshop")
    assert ask("cgt_mistyped") == (401, "UNAUTHENTICATED")


def test_without_an_issuer_a_jwt_is_no_token(serve, issuer, now):
    response = Caller(serve(), issuer.sign(issuer.claims(now))).post(WORKSPACE)
    assert response.status_code == 401
