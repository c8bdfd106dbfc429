"""The everyday, host-level tables, as Tortoise models. The growing ones are SQL, in `migrations`.

Times are microseconds UTC as integers: Tortoise's time-zone settings are process-wide and belong to the host.
"""

from __future__ import annotations

from typing import Final

from tortoise import fields
from tortoise.models import Model

ID_CHARS_MAX: Final = 64
CODE_CHARS_MAX: Final = 64
"""What is longer is nobody's, and Tortoise refuses to look for it."""


class Company(Model):
    """The host's client: its own id on the wire, a small number inside. Never deleted, so numbers stay unique."""

    id = fields.BigIntField(primary_key=True)
    external_id = fields.CharField(max_length=255, unique=True)
    created_at = fields.BigIntField()

    class Meta:
        table = "engage_company"


class Program(Model):
    """A published version, immutable, as it was written and as canonical bytes. Company 0 is the host's default."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField()
    number = fields.IntField()
    hash = fields.CharField(max_length=32)
    canonical = fields.BinaryField()
    document = fields.TextField()
    actor = fields.CharField(max_length=255)
    published_at = fields.BigIntField()

    class Meta:
        table = "engage_program"
        unique_together = (("company_id", "number"),)


class Draft(Model):
    """The program being edited, as text, valid or not. At most one per company, and `company_id` 0 is the host's."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField(unique=True)
    document = fields.TextField()
    actor = fields.CharField(max_length=255)
    updated_at = fields.BigIntField()

    class Meta:
        table = "engage_draft"


class Template(Model):
    """A published version of a program template, immutable, as it was written and as the core has it."""

    id = fields.BigIntField(primary_key=True)
    template = fields.CharField(max_length=ID_CHARS_MAX)
    number = fields.IntField()
    hash = fields.CharField(max_length=32)
    content = fields.BinaryField()
    document = fields.TextField()
    actor = fields.CharField(max_length=255)
    published_at = fields.BigIntField()

    class Meta:
        table = "engage_template"
        unique_together = (("template", "number"),)


class Adoption(Model):
    """The template a company's program is made from: which version, and which newer one it declined."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField(unique=True)
    template = fields.CharField(max_length=ID_CHARS_MAX)
    number = fields.IntField()
    declined = fields.IntField()
    actor = fields.CharField(max_length=255)
    updated_at = fields.BigIntField()

    class Meta:
        table = "engage_adoption"


class Key(Model):
    """An API key. Only its SHA-256 is kept: keys are 256 random bits, so a slow hash would add nothing."""

    id = fields.BigIntField(primary_key=True)
    hash = fields.CharField(max_length=64, unique=True)
    kind = fields.CharField(max_length=16)
    name = fields.CharField(max_length=255)
    created_at = fields.BigIntField()
    revoked_at = fields.BigIntField(null=True)

    class Meta:
        table = "engage_key"


class Session(Model):
    """A sign-in link (used once) or the browser session it opened. Only the SHA-256 of the secret is kept."""

    id = fields.BigIntField(primary_key=True)
    hash = fields.CharField(max_length=64, unique=True)
    kind = fields.CharField(max_length=16)
    role = fields.CharField(max_length=32)
    name = fields.CharField(max_length=255)
    created_at = fields.BigIntField()
    expires_at = fields.BigIntField()

    class Meta:
        table = "engage_session"


class Setting(Model):
    """A host-wide switch, as text."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=64, unique=True)
    value = fields.TextField()

    class Meta:
        table = "engage_setting"


class WebhookEndpoint(Model):
    """Where the host wants to be told of notices. Secrets must be known to sign, so they are kept as they are."""

    id = fields.BigIntField(primary_key=True)
    url = fields.TextField()
    types = fields.TextField()
    """Separated by spaces; empty for all."""
    description = fields.CharField(max_length=255)
    secret = fields.CharField(max_length=128)
    previous_secret = fields.CharField(max_length=128)
    """Signed with as well until `previous_until`; empty when there is none."""
    previous_until = fields.BigIntField()
    since = fields.BigIntField()
    """Notices from this moment on are delivered."""
    created_at = fields.BigIntField()
    failing_since = fields.BigIntField(null=True)
    failure = fields.CharField(max_length=255)
    """What was wrong with the last attempt; empty when nothing was."""
    disabled_at = fields.BigIntField(null=True)

    class Meta:
        table = "engage_webhook_endpoint"


class PoweredLink(Model):
    """The code by which a company's recommendations are known, in the link that the host prints in its product."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField(unique=True)
    code = fields.CharField(max_length=CODE_CHARS_MAX, unique=True)
    created_at = fields.BigIntField()

    class Meta:
        table = "engage_powered_link"


class Follow(Model):
    """How often a company's powered-by link was followed on one UTC day."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField()
    day = fields.IntField()
    channel = fields.CharField(max_length=64)
    times = fields.BigIntField()

    class Meta:
        table = "engage_follow"
        unique_together = (("company_id", "day", "channel"),)


class Recommendation(Model):
    """Which company recommended another one to the host."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.BigIntField(unique=True)
    by_id = fields.BigIntField(db_index=True)
    channel = fields.CharField(max_length=64)
    actor = fields.CharField(max_length=255)
    at = fields.BigIntField()

    class Meta:
        table = "engage_recommendation"


class Destination(Model):
    """Where the signal is pushed to. The key must be sent, so it is kept as it is."""

    id = fields.BigIntField(primary_key=True)
    url = fields.TextField()
    key = fields.CharField(max_length=255)
    description = fields.CharField(max_length=255)
    created_at = fields.BigIntField()
    attempts = fields.IntField()
    """That failed, one after the other, by now."""
    next_at = fields.BigIntField()
    failing_since = fields.BigIntField(null=True)
    failure = fields.CharField(max_length=255)
    """What was wrong with the last attempt; empty when nothing was."""
    disabled_at = fields.BigIntField(null=True)

    class Meta:
        table = "engage_destination"
