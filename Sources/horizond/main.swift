print("horizond")
