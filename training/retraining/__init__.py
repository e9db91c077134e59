"""From promo logs to a promoted bundle: read, scrub, group, split, mine, label, train, compare, gate, promote."""
