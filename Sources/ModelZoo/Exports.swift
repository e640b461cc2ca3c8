import ZooPluginHost

// What every embedder needs beside `Model`: tensors, metadata and errors (ZooCore), and pictures (ZooImage).
@_exported import ZooCore
@_exported import ZooImage
@_exported import class ZooRuntime.CompiledModel
@_exported import class ZooPluginHost.OperatorRegistry
@_exported import enum ZooPluginHost.Precision
@_exported import struct ZooRuntime.Profile
@_exported import enum PackageFormat.PackageFormat
@_exported import enum PyTorchFormat.PyTorchFormat
@_exported import enum SafetensorsFormat.SafetensorsFormat
@_exported import enum ONNXFormat.ONNXFormat
@_exported import OpsetConversion
@_exported import enum GGUFFormat.GGUFFormat
@_exported import enum GGUFFormat.GGUFType
@_exported import enum NumPyFormat.NumPyFile
@_exported import enum NumPyFormat.NumPyFormat
