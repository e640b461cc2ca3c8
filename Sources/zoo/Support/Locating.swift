import ModelZoo

/// Runs `body`, and puts `model` in front of its error's location: a model does not know by which name it was asked for.
func locating<Result>(_ model: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as ZooError {
    throw error.location?.hasPrefix(model) == true ? error : error.located(model)
  }
}
