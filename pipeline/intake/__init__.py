"""How footage and imported faces come in."""
