/// The operators of the plugin; each one's file adds it.
enum Catalogue {}
