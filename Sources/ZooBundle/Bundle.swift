public import Foundation
public import ModelZoo

extension Model {
  /// The model in a resource of `bundle`, such as `Bundle.module`.
  ///
  /// ```swift
  /// let model = try Model(resource: "resnet20-cifar10", in: .module)
  /// ```
  ///
  /// - Throws: as `init(contentsOf:)`; `notFound` where there is no such resource.
  public convenience init(
    resource name: String, withExtension ending: String = "zoo", in bundle: Bundle, options: Options = Options()
  ) throws(ZooError) {
    try self.init(contentsOf: bundle.file(name, ending), options: options)
  }
}

extension Input {
  /// The photograph in a resource of `bundle`.
  ///
  /// - Throws: `ZooError` (`notFound`) where there is no such resource.
  public static func image(
    resource name: String, withExtension ending: String, in bundle: Bundle
  ) throws(ZooError) -> Input {
    .image(contentsOf: try bundle.file(name, ending))
  }
}

extension Bundle {
  fileprivate func file(_ name: String, _ ending: String) throws(ZooError) -> URL {
    guard let url = url(forResource: name, withExtension: ending) else {
      throw ZooError(
        .notFound, "the bundle has no resource \(name).\(ending)", at: bundlePath,
        advice: "list it among the target's resources in Package.swift")
    }
    return url
  }
}
