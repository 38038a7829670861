"""The extension layer: what plug-in authors build on."""
