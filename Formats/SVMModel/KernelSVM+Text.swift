extension KernelSVM {
  /// What stands before the support vectors.
  var header: String {
    var lines = ["svm_type \(type)", "kernel_type \(kernel)"]
    if kernel == "polynomial" { lines.append("degree \(degree)") }
    if kernel != "linear" { lines.append("gamma \(Self.text(gamma))") }
    if kernel == "polynomial" || kernel == "sigmoid" { lines.append("coef0 \(Self.text(offset))") }
    lines.append("nr_class \(classes)")
    lines.append("total_sv \(count)")
    func add<Number>(_ name: String, _ numbers: [Number], _ text: (Number) -> String) {
      if !numbers.isEmpty { lines.append(([name] + numbers.map(text)).joined(separator: " ")) }
    }
    add("rho", rho, Self.text)
    add("label", labels, String.init)
    add("probA", a, Self.text)
    add("probB", b, Self.text)
    add("nr_sv", perClass, String.init)
    return lines.joined(separator: "\n") + "\nSV\n"
  }

  /// The lines of the support vectors, one after the other. Zeros are left out, but for one: where all vectors have a zero
  /// at the last feature, the first says so, because a file tells by it how many features there are.
  func forEachLine(_ body: (String) throws -> Void) throws {
    let lastIsZero = stride(from: features - 1, to: vectors.count, by: features).allSatisfy { vectors[$0] == 0 }
    for vector in 0..<count {
      var words = stride(from: vector, to: coefficients.count, by: count).map { Self.text(coefficients[$0]) }
      for feature in 0..<features {
        let value = vectors[vector * features + feature]
        if value != 0 || lastIsZero && vector == 0 && feature == features - 1 {
          words.append("\(feature + 1):\(Self.text(value))")
        }
      }
      // LIBSVM itself writes a space at each line's end.
      try body(words.joined(separator: " ") + " \n")
    }
  }

  /// The digits that a float32 needs, which all numbers of a graph are.
  private static func text(_ value: Double) -> String { "\(Float(value))" }
}
