"""Secrets of webhooks: signatures that the published library verifies, and what signs when secrets change."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.services.webhook_secret import MOST, mint, rotated, signature, valid

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)


def test_a_secret_is_what_the_standard_wants():
    secrets = {mint() for _ in range(100)}
    assert len(secrets) == 100
    for secret in secrets:
        prefix, _, key = secret.partition("_")
        assert prefix == "whsec"
        assert len(base64.b64decode(key, validate=True)) == 32


def test_the_library_signs_alike():
    secret, body = mint(), '{"a": "ä"}'
    theirs = Webhook(secret).sign("msg_1", NOW, body)
    assert signature([secret], "msg_1", int(NOW.timestamp()), body.encode()) == theirs


def test_each_of_several_secrets_verifies():
    secrets, now = [mint(), mint()], datetime.now(UTC)
    stamp = int(now.timestamp())
    headers = {"webhook-id": "m", "webhook-timestamp": str(stamp)}
    headers["webhook-signature"] = signature(secrets, "m", stamp, b"{}")
    for secret in secrets:
        assert Webhook(secret).verify(b"{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(mint()).verify(b"{}", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secrets[0]).verify(b"{ }", headers)


def test_an_old_secret_signs_until_its_time():
    first = rotated([], "a", NOW)
    both = rotated(first, "b", NOW + timedelta(hours=24))
    assert valid(first, NOW + timedelta(days=999)) == ["a"]
    assert valid(both, NOW) == ["b", "a"]
    assert valid(both, NOW + timedelta(hours=24)) == ["b"]
    sooner = rotated(both, "c", NOW + timedelta(hours=1))  # nobody's time grows longer by it
    assert valid(sooner, NOW) == ["c", "b", "a"]
    assert valid(sooner, NOW + timedelta(hours=1)) == ["c"]
    later = rotated(both, "c", NOW + timedelta(hours=48))
    assert valid(later, NOW + timedelta(hours=30)) == ["c", "b"]


def test_no_more_than_some_sign_at_once():
    kept = []
    for name in "abcdefgh":
        kept = rotated(kept, name, NOW + timedelta(hours=24))
    assert valid(kept, NOW) == ["h", "g", "f", "e", "d"]
    assert len(kept) == MOST
