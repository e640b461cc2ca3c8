import ZooPluginHost
import ZooRuntime

// All that `import ModelZoo` shows beside its own: tensors, models as data, metadata and errors; pictures; and the types of
// what `Model` and `Plugins` give.
@_exported import ZooCore
@_exported import ZooImage
@_exported import class ZooPluginHost.OperatorRegistry
@_exported import enum ZooPluginHost.Precision
@_exported import class ZooRuntime.CompiledModel
@_exported import struct ZooRuntime.Profile
