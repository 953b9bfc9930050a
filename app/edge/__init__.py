"""GraphQL over HTTP: from a request to a document that is fit to run, and from what it gave to an answer."""
