"""Moving Docker's data: preflight, plan, copy, verification, and the old tree set aside."""
