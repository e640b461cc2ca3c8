// Names what photographs show:  swift run -c release classify ../Images/cat.jpg
import ConvPlugin
import ModelZoo
import StandardPlugin

let plugins = try Plugins.linked([("Standard", standardPluginEntry), ("Conv", convPluginEntry)])
let model = try Model(named: "resnet20-cifar10", options: .init(plugins: plugins))

for path in CommandLine.arguments.dropFirst() {
  guard case .classes(let classes) = try model.predict(.image(contentsOf: path)) else { continue }
  print("\(path): \(classes[0].label), \(Int((classes[0].probability * 100).rounded())) %")
}
