import { providerContract } from '../contracts/provider.contract.ts'

providerContract()
