"""Set-up and upkeep: the doctor, the scenes of ``welcome.py`` and their pictures, notebooks."""
