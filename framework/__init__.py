"""The toolbox that all days share."""
