"""Program templates and who follows them: host-level tables, as Tortoise generated them from engage.store.tables."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("engage", "0006_webhooks")]

    operations = [
        ops.CreateModel(
            name="Template",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("template", fields.CharField(max_length=64)),
                ("number", fields.IntField()),
                ("hash", fields.CharField(max_length=32)),
                ("content", fields.BinaryField()),
                ("document", fields.TextField(unique=False)),
                ("actor", fields.CharField(max_length=255)),
                ("published_at", fields.BigIntField()),
            ],
            options={
                "table": "engage_template",
                "app": "engage",
                "unique_together": (("template", "number"),),
                "pk_attr": "id",
                "table_description": "A published version of a program template, immutable, as it was written and as the core has it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Adoption",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("company_id", fields.BigIntField(unique=True)),
                ("template", fields.CharField(max_length=64)),
                ("number", fields.IntField()),
                ("declined", fields.IntField()),
                ("actor", fields.CharField(max_length=255)),
                ("updated_at", fields.BigIntField()),
            ],
            options={
                "table": "engage_adoption",
                "app": "engage",
                "pk_attr": "id",
                "table_description": "The template a company's program is made from: which version, and which newer one it declined.",
            },
            bases=["Model"],
        ),
    ]
