"""Files become records by the same roads as batches: good rows go in, wrong ones are told with their lines."""

import pytest
from importing import counts, load, look, report, told, undo
from sqlmodel import col, select

from app.models.customer import Customer, CustomerExternalId
from app.models.order import Order


def customers(people):
    with people.door.snapshot(people.system) as uow:
        statement = select(CustomerExternalId.external_id, Customer.name).join(
            Customer, col(Customer.id) == CustomerExternalId.customer_id
        )
        return dict(uow.session.execute(statement).all())


def test_a_table_of_customers_goes_in(workspace):
    row = load(workspace, "CUSTOMERS", "externalId,name,email,isTest\nc1,Ann,ann@example.org,no\nc2,Bob,,\n")
    assert (row.state, counts(row), row.encoding, row.delimiter) == ("DONE", {"created": 2}, "UTF-8", ",")
    assert customers(workspace) == {"c1": "Ann", "c2": "Bob"}
