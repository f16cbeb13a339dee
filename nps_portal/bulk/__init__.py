"""Acts on many contacts at once: tags, owners, fields, removing, erasing."""
