"""The host-level tables, as Tortoise generated them from engage.store.tables."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Company",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("external_id", fields.CharField(unique=True, max_length=255)),
                ("created_at", fields.BigIntField()),
            ],
            options={
                "table": "engage_company",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "The host's client: its own id on the wire, a small number inside. Never deleted, so numbers stay unique.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Draft",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("company_id", fields.BigIntField(unique=True)),
                ("document", fields.TextField(unique=False)),
                ("actor", fields.CharField(max_length=255)),
                ("updated_at", fields.BigIntField()),
            ],
            options={
                "table": "engage_draft",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "The program being edited, as text, valid or not. At most one per company, and `company_id` 0 is the host's.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Key",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("hash", fields.CharField(unique=True, max_length=64)),
                ("kind", fields.CharField(max_length=16)),
                ("name", fields.CharField(max_length=255)),
                ("created_at", fields.BigIntField()),
                ("revoked_at", fields.BigIntField(null=True)),
            ],
            options={
                "table": "engage_key",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "An API key. Only its SHA-256 is kept: keys are 256 random bits, so a slow hash would add nothing.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Program",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("company_id", fields.BigIntField()),
                ("number", fields.IntField()),
                ("hash", fields.CharField(max_length=32)),
                ("canonical", fields.BinaryField()),
                ("document", fields.TextField(unique=False)),
                ("actor", fields.CharField(max_length=255)),
                ("published_at", fields.BigIntField()),
            ],
            options={
                "table": "engage_program",
                "app": "engage",
                "unique_together": (("company_id", "number"),),
                "pk_attr": "id",
                "table_description": "A published version, immutable, as it was written and as canonical bytes. Company 0 is the host's default.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("hash", fields.CharField(unique=True, max_length=64)),
                ("kind", fields.CharField(max_length=16)),
                ("role", fields.CharField(max_length=32)),
                ("name", fields.CharField(max_length=255)),
                ("created_at", fields.BigIntField()),
                ("expires_at", fields.BigIntField()),
            ],
            options={
                "table": "engage_session",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "A sign-in link (used once) or the browser session it opened. Only the SHA-256 of the secret is kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Setting",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=64)),
                ("value", fields.TextField(unique=False)),
            ],
            options={
                "table": "engage_setting",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "A host-wide switch, as text.",
            },
            bases=["Model"],
        ),
    ]
