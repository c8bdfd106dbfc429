"""The pages of customer success: portfolio and adoption reports, from aggregates only."""
