"""The GraphQL schema and the endpoint that serves it. Resolvers call service functions and do nothing else."""
