"""The courier: brings what webhooks tell to their endpoints, beside the worker and never in its way."""
