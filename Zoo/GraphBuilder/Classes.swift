import ZooCore

/// The classes of a classifier.
package struct Classes: Sendable {
  package let count: Int
  /// Their names; none where they are not known.
  package let labels: [String]

  /// - Parameters:
  ///   - count: How many classes the weights are for; `nil` if they are random.
  ///   - labels: The names that were given.
  ///   - usual: The names that go with networks of the family, if their number fits.
  /// - Throws: `ZooError` (`usage`) for another number of names than of classes.
  package init(_ count: Int?, labels: [String]?, usual: [String]) throws {
    self.count = count ?? labels?.count ?? usual.count
    if let labels, labels.count != self.count {
      throw ZooError(
        .usage, "\(labels.count) labels are given for \(self.count) classes",
        advice: "give one label for each class, in the order of the network's outputs")
    }
    self.labels = labels ?? (self.count == usual.count ? usual : [])
  }
}

/// CIFAR-10's classes, in the order of the data set.
package let cifarLabels = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
