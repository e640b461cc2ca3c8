import ZooCore

extension OperatorDeclaration {
  /// ONNX If: what one of two bodies gives.
  static let ifOperator = OperatorDeclaration(
    "If", .hasBodies, shapeInputs: [0],
    facts: { node in
      for name in ["then_branch", "else_branch"] {
        try node.checkBody(name, inputs: 0, outputs: node.outputCount...node.outputCount)
      }
      switch try node.facts(0).truth {
      case true?: return try node.results(ofBody: "then_branch", [])
      case false?: return try node.results(ofBody: "else_branch", [])
      case nil: return try node.eitherBranch()
      }
    })
}

extension Inference {
  /// What both branches have in common. One that can't run is not the one that is taken: exporters write such for what
  /// their checks exclude.
  fileprivate func eitherBranch() throws -> [ValueFacts] {
    switch (try outcome("then_branch"), try outcome("else_branch")) {
    case (.success(let first), .success(let second)): return zip(first, second).map { $0.joined(with: $1) }
    case (.success(let taken), .failure), (.failure, .success(let taken)): return taken
    case (.failure(let error), .failure): throw error
    }
  }

  private func outcome(_ branch: String) throws -> Result<[ValueFacts], ZooError> {
    do { return .success(try results(ofBody: branch, [])) } catch let error as ZooError { return .failure(error) }
  }
}
